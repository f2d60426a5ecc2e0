package fleetstream.bench;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;

/** The same fold as robot-state-fold.ts. */
public final class StateReducer {
  private static final JsonFactory JSON = new JsonFactory();

  private StateReducer() {}

  /** Public fields and constructor: Flink's POJO serializer needs them. */
  public static class Event {
    public String robotId;
    public long ts;
    public String pad;
  }

  public static class State {
    public long first;
    public long count;
    public String pad = "";
  }

  public static Event parse(byte[] json) throws IOException {
    try (JsonParser parser = JSON.createParser(json)) {
      Event event = new Event();
      parser.nextToken();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        parser.nextToken();
        switch (name) {
          case "robotId": event.robotId = parser.getText(); break;
          case "ts": event.ts = parser.getLongValue(); break;
          case "pad": event.pad = parser.getText(); break;
          default: parser.skipChildren();
        }
      }
      return event;
    }
  }

  /** Folds the event into the state in place; the output, or null at a robot's first event. */
  public static String step(State state, Event event) {
    state.count++;
    state.pad = event.pad;
    if (state.count == 1) {
      state.first = event.ts;
      return null;
    }
    return "{\"robotId\":\"" + event.robotId + "\",\"ts\":" + event.ts + ",\"count\":" + state.count + ",\"first\":" + state.first + "}";
  }
}
