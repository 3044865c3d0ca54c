package saltbridge.edc;

import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.StreamingOutput;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import org.eclipse.edc.connector.dataplane.spi.iam.DataPlaneAuthorizationService;
import org.eclipse.edc.connector.dataplane.spi.pipeline.PipelineService;
import org.eclipse.edc.connector.dataplane.spi.schema.DataFlowRequestSchema;
import org.eclipse.edc.connector.dataplane.util.sink.AsyncStreamingDataSink;
import org.eclipse.edc.spi.types.domain.DataAddress;
import org.eclipse.edc.spi.types.domain.transfer.DataFlowStartMessage;
import org.eclipse.edc.spi.types.domain.transfer.FlowType;

/** The door at which a consumer pulls: EDC checks the token and its pipeline moves the bytes. */
@Path("/data/{path:.*}")
public class PublicEndpoint {

    private final DataPlaneAuthorizationService tokens;
    private final PipelineService pipeline;
    private final ExecutorService threads;

    PublicEndpoint(DataPlaneAuthorizationService tokens, PipelineService pipeline, ExecutorService threads) {
        this.tokens = tokens;
        this.pipeline = pipeline;
        this.threads = threads;
    }

    @GET
    public void read(@HeaderParam(HttpHeaders.AUTHORIZATION) String token,
                     @Context ContainerRequestContext request, @Suspended AsyncResponse answer) {
        pass(token, request, answer);
    }

    @POST
    public void send(@HeaderParam(HttpHeaders.AUTHORIZATION) String token,
                     @Context ContainerRequestContext request, @Suspended AsyncResponse answer) {
        pass(token, request, answer);
    }

    @PUT
    public void put(@HeaderParam(HttpHeaders.AUTHORIZATION) String token,
                    @Context ContainerRequestContext request, @Suspended AsyncResponse answer) {
        pass(token, request, answer);
    }

    private void pass(String token, ContainerRequestContext request, AsyncResponse answer) {
        if (token == null) {
            answer.resume(Response.status(401).entity("no token").build());
            return;
        }
        var source = tokens.authorize(token, Map.of("method", request.getMethod()));
        if (source.failed()) {
            answer.resume(Response.status(403).entity(source.getFailureDetail()).build());
            return;
        }
        var message = DataFlowStartMessage.Builder.newInstance()
                .id(UUID.randomUUID().toString())
                .processId(UUID.randomUUID().toString())
                .flowType(FlowType.PULL)
                .sourceDataAddress(source.getContent())
                .destinationDataAddress(DataAddress.Builder.newInstance().type(AsyncStreamingDataSink.TYPE).build())
                .properties(asked(request))
                .build();
        var sink = new AsyncStreamingDataSink(stream -> {
            StreamingOutput body = out -> stream.outputStreamConsumer().accept(out);
            return answer.resume(Response.ok(body).type(stream.mediaType()).build());
        }, threads);
        pipeline.transfer(message, sink).whenComplete((result, thrown) -> {
            if (thrown != null) {
                answer.resume(Response.status(500).entity(thrown.getMessage()).build());
            } else if (result.failed()) {
                answer.resume(Response.status(502).entity(result.getFailureDetail()).build());
            }
        });
    }

    private static Map<String, String> asked(ContainerRequestContext request) {
        var said = new HashMap<String, String>();
        var uri = request.getUriInfo();
        var query = uri.getRequestUri().getQuery();
        said.put(DataFlowRequestSchema.METHOD, request.getMethod());
        said.put(DataFlowRequestSchema.PATH, uri.getPathParameters().getFirst("path"));
        said.put(DataFlowRequestSchema.QUERY_PARAMS, query == null ? "" : query);
        if (request.getMediaType() != null) {
            said.put(DataFlowRequestSchema.MEDIA_TYPE, request.getMediaType().toString());
            said.put(DataFlowRequestSchema.BODY, body(request));
        }
        return said;
    }

    private static String body(ContainerRequestContext request) {
        try {
            return new String(request.getEntityStream().readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException unreadable) {
            throw new IllegalStateException(unreadable);
        }
    }
}
