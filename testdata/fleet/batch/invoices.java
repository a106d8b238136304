/** Collects the day's invoices. */
class Main {
    public static void main(String[] args) {
        System.out.println("invoices");
    }
}
