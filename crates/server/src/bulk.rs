//! Histories in and out: `wts export`, `wts import`, `wts generate` and `wts verify`.

mod arguments;
mod export;
mod generate;
mod import;
mod progress;
mod run;
mod stop;
mod verify;

pub(crate) use self::{
    arguments::{Export, Generate, Import, Verify},
    export::export,
    generate::generate,
    import::import,
    verify::verify,
};
