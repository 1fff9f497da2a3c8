import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.neo4j.configuration.GraphDatabaseSettings;
import org.neo4j.configuration.connectors.BoltConnector;
import org.neo4j.configuration.helpers.SocketAddress;
import org.neo4j.dbms.api.DatabaseManagementService;
import org.neo4j.dbms.api.DatabaseManagementServiceBuilder;

/**
 * A Neo4j Community server for tests: Bolt on one port of this machine, no HTTP.
 *
 * <p>Arguments: home folder, port, password of the user neo4j (or "none" for no authentication), "read-only" or
 * "read-write". Prints "ready" when Bolt answers. Ends, with the database closed, when standard input does, so it never
 * outlives the test run that started it; a SIGKILL is a crash from which the next start recovers.
 */
public final class Launcher {
  public static void main(String[] args) throws IOException {
    Path home = Path.of(args[0]).toAbsolutePath();
    SocketAddress bolt = new SocketAddress("127.0.0.1", Integer.parseInt(args[1]));
    String password = args[2];
    boolean asksWho = !password.equals("none");
    boolean isNew = !Files.exists(home.resolve("data"));

    DatabaseManagementService server =
        new DatabaseManagementServiceBuilder(home)
            .setConfig(BoltConnector.enabled, true)
            .setConfig(BoltConnector.listen_address, bolt)
            .setConfig(BoltConnector.advertised_address, bolt)
            .setConfig(GraphDatabaseSettings.auth_enabled, asksWho)
            .setConfig(GraphDatabaseSettings.auth_lock_time, Duration.ofSeconds(1))
            .setConfig(GraphDatabaseSettings.pagecache_memory, 128L << 20)
            .setConfig(GraphDatabaseSettings.read_only_database_default, args[3].equals("read-only"))
            .build();
    if (asksWho && isNew) {
      server
          .database(GraphDatabaseSettings.SYSTEM_DATABASE_NAME)
          .executeTransactionally(
              "ALTER USER neo4j SET PLAINTEXT PASSWORD $password CHANGE NOT REQUIRED", Map.of("password", password));
    }
    System.out.println("ready");
    while (System.in.read() >= 0) {
      // what is written here is of no matter; the end of it is
    }
    server.shutdown();
  }
}
