package saltbridge.edc;

import org.eclipse.edc.runtime.metamodel.annotation.Inject;
import org.eclipse.edc.spi.security.Vault;
import org.eclipse.edc.spi.system.ServiceExtension;
import org.eclipse.edc.spi.system.ServiceExtensionContext;

/** Puts keys into EDC's vault in memory, which no setting fills: saltbridge.vault.ALIAS=VALUE. */
public class SeededVault implements ServiceExtension {

    @Inject
    private Vault vault;

    @Override
    public String name() {
        return "Keys of a test";
    }

    @Override
    public void initialize(ServiceExtensionContext context) {
        context.getConfig("saltbridge.vault").getRelativeEntries().forEach(vault::storeSecret);
    }
}
