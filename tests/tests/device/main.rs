//! The pool image, the answer log and the loop between them: what is written is read, what is damaged
//! is refused, and power may fail at any byte.

mod covariates;
mod end;
mod golden;
mod image;
mod log;
mod session;
mod vectors;
