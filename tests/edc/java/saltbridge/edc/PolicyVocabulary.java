package saltbridge.edc;

import org.eclipse.edc.jsonld.spi.JsonLd;
import org.eclipse.edc.protocol.dsp.spi.type.Dsp2025Constants;
import org.eclipse.edc.runtime.metamodel.annotation.Inject;
import org.eclipse.edc.spi.system.ServiceExtension;
import org.eclipse.edc.spi.system.ServiceExtensionContext;

/** Names a dataspace's vocabulary in what EDC says over DSP 2025-1, as the connectors of Catena-X do. */
public class PolicyVocabulary implements ServiceExtension {

    @Inject
    private JsonLd jsonLd;

    @Override
    public String name() {
        return "Policy vocabulary";
    }

    @Override
    public void initialize(ServiceExtensionContext context) {
        jsonLd.registerContext(context.getConfig().getString("saltbridge.vocabulary"), Dsp2025Constants.DSP_SCOPE_V_2025_1);
    }
}
