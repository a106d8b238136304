/** Guesses the freight of the next weeks. */
class Main {
    public static void main(String[] args) {
        System.out.println("forecast");
    }
}
