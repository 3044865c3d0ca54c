package saltbridge.edc;

import java.io.IOException;
import java.util.Map;
import okhttp3.FormBody;
import okhttp3.Request;
import org.eclipse.edc.http.spi.EdcHttpClient;
import org.eclipse.edc.iam.identitytrust.spi.SecureTokenService;
import org.eclipse.edc.runtime.metamodel.annotation.Inject;
import org.eclipse.edc.runtime.metamodel.annotation.Provider;
import org.eclipse.edc.spi.iam.TokenRepresentation;
import org.eclipse.edc.spi.result.Result;
import org.eclipse.edc.spi.system.ServiceExtension;
import org.eclipse.edc.spi.system.ServiceExtensionContext;
import org.eclipse.edc.spi.types.TypeManager;

/** Asks the token service of the test for self-issued ID tokens (saltbridge.sts is its address). */
public class TestTokenService implements ServiceExtension {

    @Inject
    private EdcHttpClient http;
    @Inject
    private TypeManager types;

    @Override
    public String name() {
        return "Token service of a test";
    }

    @Provider
    public SecureTokenService tokens(ServiceExtensionContext context) {
        var address = context.getConfig().getString("saltbridge.sts");
        return (claims, scope) -> {
            var form = new FormBody.Builder().add("audience", String.valueOf(claims.get("aud")));
            if (claims.get("token") != null) {
                form.add("token", String.valueOf(claims.get("token")));
            }
            if (scope != null) {
                form.add("bearer_access_scope", scope);
            }
            return asked(new Request.Builder().url(address).post(form.build()).build());
        };
    }

    private Result<TokenRepresentation> asked(Request request) {
        try (var answer = http.execute(request)) {
            var said = types.readValue(answer.body().string(), Map.class);
            var token = String.valueOf(said.get("access_token"));
            return Result.success(TokenRepresentation.Builder.newInstance().token(token).build());
        } catch (IOException unreachable) {
            return Result.failure(unreachable.getMessage());
        }
    }
}
