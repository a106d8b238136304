pub fn greeting() -> String {
    String::from("hello from rust")
}
