/** Adds up what the day brought. */
class Main {
    public static void main(String[] args) {
        System.out.println("reports");
    }
}
