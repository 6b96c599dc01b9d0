//! Console sessions in Markdown: what a user types, and what comes of it.
#![allow(clippy::unwrap_used)]

#[test]
fn console_sessions() {
    // Where they write.
    std::fs::create_dir_all("target/tmp").unwrap();
    trycmd::TestCases::new().case("tests/cli/*.md").case("README.md");
}
