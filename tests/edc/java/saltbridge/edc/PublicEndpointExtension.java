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
import org.eclipse.edc.web.spi.configuration.PortMapping;
import org.eclipse.edc.web.spi.configuration.PortMappingRegistry;

/** The data plane's public door, which EDC leaves to its adopters: web.http.public.port and .path. */
public class PublicEndpointExtension implements ServiceExtension {

    private static final String NAME = "public";
    private static final int THREADS = 10;

    @Inject
    private PortMappingRegistry ports;
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
        var settings = context.getConfig("web.http." + NAME);
        var port = settings.getInteger("port");
        var path = settings.getString("path");
        ports.register(new PortMapping(NAME, port, path));
        var address = Endpoint.url("http://127.0.0.1:" + port + path);
        endpoints.addGeneratorFunction("HttpData", source -> address);
        var threads = Executors.newFixedThreadPool(THREADS);
        web.registerResource(NAME, new PublicEndpoint(tokens, pipeline, threads));
    }
}
