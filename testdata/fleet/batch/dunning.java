/** Reminds of invoices that nobody paid. */
class Main {
    public static void main(String[] args) {
        System.out.println("dunning");
    }
}
