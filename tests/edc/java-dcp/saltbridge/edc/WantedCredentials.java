package saltbridge.edc;

import java.util.HashSet;
import java.util.List;
import org.eclipse.edc.policy.context.request.spi.RequestCatalogPolicyContext;
import org.eclipse.edc.policy.context.request.spi.RequestContractNegotiationPolicyContext;
import org.eclipse.edc.policy.context.request.spi.RequestPolicyContext;
import org.eclipse.edc.policy.context.request.spi.RequestTransferProcessPolicyContext;
import org.eclipse.edc.policy.context.request.spi.RequestVersionPolicyContext;
import org.eclipse.edc.policy.engine.spi.PolicyEngine;
import org.eclipse.edc.runtime.metamodel.annotation.Inject;
import org.eclipse.edc.spi.system.ServiceExtension;
import org.eclipse.edc.spi.system.ServiceExtensionContext;

/** Which credentials EDC asks every partner for, and shows to it: saltbridge.scopes, by commas. */
public class WantedCredentials implements ServiceExtension {

    @Inject
    private PolicyEngine policies;

    @Override
    public String name() {
        return "Credentials of a dataspace";
    }

    @Override
    public void initialize(ServiceExtensionContext context) {
        var scopes = List.of(context.getConfig().getString("saltbridge.scopes").split(","));
        wanted(RequestCatalogPolicyContext.class, scopes);
        wanted(RequestContractNegotiationPolicyContext.class, scopes);
        wanted(RequestTransferProcessPolicyContext.class, scopes);
        wanted(RequestVersionPolicyContext.class, scopes);
    }

    private <C extends RequestPolicyContext> void wanted(Class<C> kind, List<String> scopes) {
        policies.registerPostValidator(kind, (policy, context) -> {
            var builder = context.requestScopeBuilder();
            var all = new HashSet<>(builder.build().getScopes());
            all.addAll(scopes);
            builder.scopes(all);
            return true;
        });
    }
}
