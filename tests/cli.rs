//! Console sessions in Markdown: what a user types, and what comes of it.

#[test]
fn console_sessions() {
    trycmd::TestCases::new().case("tests/cli/*.md").case("README.md");
}
