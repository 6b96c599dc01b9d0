pub mod analyzer;
pub mod capture;
pub mod net;
pub mod wire;
