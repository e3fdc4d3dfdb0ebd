//! Says to macOS's linker that the interpreter, which loads the library, has what it lacks.

fn main() {
    pyo3_build_config::add_extension_module_link_args();
}
