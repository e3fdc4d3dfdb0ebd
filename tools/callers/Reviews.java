import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What a caller asks, one review a line, and what it got, one line of standard output each. */
final class Reviews {
    static List<String> read(String path) throws IOException {
        return Files.readAllLines(Path.of(path));
    }

    static synchronized void answer(int n, String value) {
        System.out.println(n + "\tanswer\t" + value);
    }

    static synchronized void error(int n, Throwable error) {
        for (var cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof Problem) {
                System.out.println(n + "\terror\t" + cause.getMessage());
                return;
            }
        }
        System.out.println(n + "\tfailed\t" + error);
    }

    /** The error form of a reply: its value is a problem, and its content type says so. */
    static final class Problem extends RuntimeException {
        static final String MEDIA_TYPE = "application/problem+json";

        Problem(String value) {
            super(value);
        }
    }
}
