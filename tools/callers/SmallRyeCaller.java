import io.smallrye.common.annotation.Identifier;
import io.smallrye.mutiny.Uni;
import io.smallrye.reactive.messaging.kafka.KafkaRecord;
import io.smallrye.reactive.messaging.kafka.reply.KafkaRequestReply;
import io.smallrye.reactive.messaging.kafka.reply.ReplyFailureHandler;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.context.Dependent;
import jakarta.enterprise.inject.se.SeContainerInitializer;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.eclipse.microprofile.config.ConfigProvider;
import org.eclipse.microprofile.reactive.messaging.Channel;

/**
 * Asks for reviews as a program with SmallRye or Quarkus does: even ones by a channel that reads
 * all replies, odd ones by one that has a partition of its own.
 */
@Dependent
public class SmallRyeCaller {
    private static final Duration PATIENCE = Duration.ofSeconds(120);

    @Inject
    @Channel("all")
    KafkaRequestReply<String, String> all;

    @Inject
    @Channel("one")
    KafkaRequestReply<String, String> one;

    public static void main(String[] args) throws Exception {
        System.setProperty("mp.messaging.connector.smallrye-kafka.bootstrap.servers", args[0]);
        configure("all", Map.of());
        configure("one", Map.of("reply.partition", "2"));
        // The container finds a configuration only where there is one already.
        ConfigProvider.getConfig();
        var lines = Reviews.read(args[1]);
        var beans = SeContainerInitializer.newInstance().addBeanClasses(SmallRyeCaller.class, Problems.class);
        try (var container = beans.initialize()) {
            var caller = container.select(SmallRyeCaller.class).get();
            caller.all.waitForAssignments().await().atMost(PATIENCE);
            caller.one.waitForAssignments().await().atMost(PATIENCE);
            var asked = new ArrayList<Uni<Void>>();
            for (int at = 0; at < lines.size(); at++) {
                int n = at;
                var channel = n % 2 == 0 ? caller.all : caller.one;
                asked.add(channel.request(lines.get(n))
                    .invoke(reply -> Reviews.answer(n, reply))
                    .onFailure().invoke(error -> Reviews.error(n, error))
                    .onFailure().recoverWithNull()
                    .replaceWithVoid());
            }
            Uni.join().all(asked).andFailFast().await().atMost(PATIENCE);
        }
        System.exit(0);
    }

    private static void configure(String channel, Map<String, String> more) {
        var prefix = "mp.messaging.outgoing." + channel + ".";
        System.setProperty(prefix + "connector", "smallrye-kafka");
        System.setProperty(prefix + "topic", "reviews");
        System.setProperty(prefix + "value.serializer", StringSerializer.class.getName());
        System.setProperty(prefix + "reply.topic", "reviews.replies");
        System.setProperty(prefix + "reply.value.deserializer", StringDeserializer.class.getName());
        System.setProperty(prefix + "reply.auto.offset.reset", "earliest");
        System.setProperty(prefix + "reply.failure.handler", "problems");
        System.setProperty(prefix + "reply.timeout", Long.toString(PATIENCE.toMillis()));
        more.forEach((name, value) -> System.setProperty(prefix + name, value));
    }

    /** Makes a failure of a reply that is a problem. */
    @ApplicationScoped
    @Identifier("problems")
    public static class Problems implements ReplyFailureHandler {
        @Override
        public Throwable handleReply(KafkaRecord<?, ?> reply) {
            var type = reply.getHeaders().lastHeader("content-type");
            var isProblem = type != null && new String(type.value()).equals(Reviews.Problem.MEDIA_TYPE);
            return isProblem ? new Reviews.Problem((String) reply.getPayload()) : null;
        }
    }
}
