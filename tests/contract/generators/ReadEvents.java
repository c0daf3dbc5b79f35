import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;

/** Reads files of events, by both generators' types: java ReadEvents TYPE FILE... */
public final class ReadEvents {
    /** In place of jackson-datatype-jsr310, which programs use. */
    private static final class Time extends JsonDeserializer<OffsetDateTime> {
        @Override
        public OffsetDateTime deserialize(JsonParser parser, DeserializationContext context) throws IOException {
            return OffsetDateTime.parse(parser.getText());
        }
    }

    private static final ObjectMapper JSON = new ObjectMapper()
        .registerModule(new SimpleModule().addDeserializer(OffsetDateTime.class, new Time()))
        .configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, false);

    private interface Reader {
        Object read(String text) throws Exception;
    }

    private static final Map<String, List<Reader>> READERS = Map.of(
        "EnrichedArticle",
        List.of(
            text -> quicktype.enrichedarticle.Converter.fromJsonString(text).getDedup().getClusterID(),
            text -> JSON.readValue(text, modelina.EnrichedArticle.class).getDedup().getClusterId()),
        "HeldBackArticle",
        List.of(
            text -> quicktype.heldbackarticle.Converter.fromJsonString(text).getDedup().getClusterID(),
            text -> JSON.readValue(text, modelina.HeldBackArticle.class).getDedup().getClusterId()),
        "Cluster",
        List.of(
            text -> quicktype.cluster.Converter.fromJsonString(text).getClusterID(),
            text -> JSON.readValue(text, modelina.Cluster.class).getClusterId()));

    public static void main(String[] arguments) throws Exception {
        for (int place = 1; place < arguments.length; place++) {
            String text = Files.readString(Path.of(arguments[place]));
            for (Reader reader : READERS.get(arguments[0])) {
                System.out.println(reader.read(text));
            }
        }
    }
}
