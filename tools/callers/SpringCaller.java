import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;
import org.springframework.kafka.requestreply.ReplyingKafkaTemplate;
import org.springframework.kafka.support.TopicPartitionOffset;

/**
 * Asks for reviews as a program with Spring does: even ones by a template that shares the topic of
 * replies by a group, odd ones by one that has a partition of its own and writes its correlation
 * ids as text.
 */
public final class SpringCaller {
    private static final Duration PATIENCE = Duration.ofSeconds(120);

    public static void main(String[] args) throws Exception {
        var grouped = new ContainerProperties("reviews.replies");
        grouped.setGroupId("spring");
        var alone = new ContainerProperties(new TopicPartitionOffset("reviews.replies", 1));
        var byGroup = template(args[0], grouped, true);
        var byPartition = template(args[0], alone, false);
        var lines = Reviews.read(args[1]);
        var asked = new ArrayList<CompletableFuture<?>>();
        for (int at = 0; at < lines.size(); at++) {
            int n = at;
            var template = n % 2 == 0 ? byGroup : byPartition;
            asked.add(template.sendAndReceive(new ProducerRecord<>("reviews", lines.get(n)))
                .thenAccept(reply -> Reviews.answer(n, reply.value()))
                .exceptionally(error -> {
                    Reviews.error(n, error);
                    return null;
                }));
        }
        CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new)).join();
        byGroup.stop();
        byPartition.stop();
        System.exit(0);
    }

    private static ReplyingKafkaTemplate<String, String, String> template(
            String bootstrap, ContainerProperties replies, boolean binaryIds) throws Exception {
        Map<String, Object> broker = Map.of("bootstrap.servers", bootstrap);
        var requests = new DefaultKafkaProducerFactory<>(broker, new StringSerializer(), new StringSerializer());
        var answers = new DefaultKafkaConsumerFactory<>(
            Map.of("bootstrap.servers", bootstrap, "auto.offset.reset", "earliest"),
            new StringDeserializer(), new StringDeserializer());
        var container = new KafkaMessageListenerContainer<>(answers, replies);
        var template = new ReplyingKafkaTemplate<>(requests, container);
        template.setSharedReplyTopic(true);
        template.setBinaryCorrelation(binaryIds);
        template.setDefaultReplyTimeout(PATIENCE);
        template.setReplyErrorChecker(reply -> {
            var type = reply.headers().lastHeader("content-type");
            var isProblem = type != null && new String(type.value()).equals(Reviews.Problem.MEDIA_TYPE);
            return isProblem ? new Reviews.Problem((String) reply.value()) : null;
        });
        template.afterPropertiesSet();
        template.start();
        if (!template.waitForAssignment(PATIENCE)) {
            throw new IllegalStateException("no partition of replies was assigned");
        }
        return template;
    }
}
