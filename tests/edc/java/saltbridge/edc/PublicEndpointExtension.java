package saltbridge.edc;

import java.util.concurrent.Executors;
import org.eclipse.edc.connector.dataplane.spi.Endpoint;
import org.eclipse.edc.connector.dataplane.spi.iam.DataPlaneAuthorizationService;
import org.eclipse.edc.connector.dataplane.spi.iam.PublicEndpointGeneratorService;
import org.eclipse.edc.connector.dataplane.spi.pipeline.PipelineService;
import org.eclipse.edc.runtime.metamodel.annotation.Inject;
import org.eclipse.edc.spi.system.ServiceExtension;
import org.eclipse.edc.spi.system.ServiceExtensionContext;
import org.eclipse.edc.web.spi.WebService;
import org.eclipse.edc.web.spi.configuration.ApiContext;

/**
 * The data plane's public door, which EDC leaves to its adopters: /data beside the protocol.
 *
 * <p>At one address with the protocol, as behind a company's one gateway.
 */
public class PublicEndpointExtension implements ServiceExtension {

    private static final int THREADS = 10;

    @Inject
    private WebService web;
    @Inject
    private PipelineService pipeline;
    @Inject
    private DataPlaneAuthorizationService tokens;
    @Inject
    private PublicEndpointGeneratorService endpoints;

    @Override
    public String name() {
        return "Public door of the data plane";
    }

    @Override
    public void initialize(ServiceExtensionContext context) {
        var base = context.getConfig().getString("edc.dsp.callback.address");
        var address = Endpoint.url(base + "/data/");
        endpoints.addGeneratorFunction("HttpData", source -> address);
        var threads = Executors.newFixedThreadPool(THREADS);
        web.registerResource(ApiContext.PROTOCOL, new PublicEndpoint(tokens, pipeline, threads));
    }
}
