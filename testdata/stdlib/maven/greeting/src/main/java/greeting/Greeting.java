package greeting;

public record Greeting(String text) {
    public static Greeting from(String who) {
        return new Greeting("hello from " + who);
    }
}
