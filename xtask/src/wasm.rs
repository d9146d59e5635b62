//! Core and api compile for the browser (wasm32-unknown-unknown) and the edge (wasm32-wasip2), and the
//! golden scripts and sqllogictest records give the same under Node as natively.
//!
//! Two ways to compile, whichever is there: the targets of the toolchain (`rustup target add`), or, on
//! Debian, its own compiler with the standard library built from its source.

use crate::run;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const BROWSER: &str = "wasm32-unknown-unknown";
const TARGETS: [&str; 2] = [BROWSER, "wasm32-wasip2"];

/// Debian's compiler, its library sources, and what links and finishes a wasm program.
const DEBIAN_PACKAGES: [&str; 6] =
    ["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm", "lld-22", "wasi-libc"];

const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";

/// What compiles for wasm here.
#[derive(Clone, Copy, PartialEq)]
enum Compiler {
    Toolchain,
    Debian,
}

/// Checks that core and api compile, and runs scripts and records; the remark says which way it went.
pub fn check() -> Result<String, String> {
    if std::env::var_os("OFFSHOOT_SKIP_WASM").is_some_and(|value| value == "1") {
        return Ok("SKIPPED because OFFSHOOT_SKIP_WASM=1: nothing proves that wasm works".into());
    }
    let compiler = match TARGETS.iter().all(|target| toolchain_has(target)) {
        true => Compiler::Toolchain,
        false => {
            install_debian_compiler()?;
            Compiler::Debian
        }
    };
    for target in TARGETS {
        let packages = ["--package", "offshoot-core", "--package", "offshoot-api", "--lib"];
        run::check(compiler.cargo("check", target)?.args(packages))?;
    }
    scripts_and_records(compiler)?;
    Ok(match compiler {
        Compiler::Toolchain => "with the toolchain's targets".into(),
        Compiler::Debian => "with Debian's compiler".into(),
    })
}

/// Runs the golden scripts, and the statements of our sqllogictest records, on wasm under Node, beside
/// the same natively.
fn scripts_and_records(compiler: Compiler) -> Result<(), String> {
    let node = run::program("node").arg("--version").output();
    if !node.is_ok_and(|output| output.status.success()) {
        return Err(
            "Node.js, at least version 20, is missing: it runs scripts and records on wasm. Set \
                    OFFSHOOT_SKIP_WASM=1 to leave this check out."
                .into(),
        );
    }
    let package = ["--package", "offshoot-golden"];
    run::check(compiler.cargo("build", BROWSER)?.args(package).args([
        "--lib",
        "--profile",
        "wasm",
    ]))?;
    let native = built("offshoot-golden", "golden-native")?;
    let slt = built("offshoot-tests", "slt")?;
    let records = target_dir()?.join("records.json");
    // A record that goes wrong is for the tests to tell; here it must go the same way on wasm.
    let judged = run::program(slt).arg("--record").arg(&records).arg("tests/slt").output();
    let judged = judged.map_err(|e| format!("cannot run the records: {e}"))?;
    if !matches!(judged.status.code(), Some(0 | 1)) {
        return Err(String::from_utf8_lossy(&judged.stderr).into_owned());
    }
    let wasm = target_dir()?.join(BROWSER).join("wasm/offshoot_golden.wasm");
    let mut node = run::program("node");
    node.arg("tests/wasm/run.mjs").arg(wasm).arg(native).arg("core/tests/scripts").arg(records);
    run::check(&mut node)
}

/// Builds a native program in the profile that this one was built in; returns where it lies.
fn built(package: &str, program: &str) -> Result<PathBuf, String> {
    let mut build = run::cargo(&["build", "--package", package, "--bin", program]);
    let profile = run::profile_dir()?;
    if profile.file_name().is_some_and(|name| name == "release") {
        build.arg("--release");
    }
    run::check(&mut build)?;
    Ok(profile.join(format!("{program}{}", std::env::consts::EXE_SUFFIX)))
}

/// A folder of its own: another compiler or other flags must not undo the native builds.
fn target_dir() -> Result<PathBuf, String> {
    let profile = run::profile_dir()?;
    Ok(profile.parent().unwrap_or(&profile).join("wasm"))
}

impl Compiler {
    /// Cargo's subcommand for a target.
    fn cargo(self, subcommand: &str, target: &str) -> Result<Command, String> {
        let mut command = match self {
            Compiler::Toolchain => run::cargo(&[]),
            Compiler::Debian => debian_cargo(),
        };
        command.args([subcommand, "--locked", "--target", target]);
        command.arg("--target-dir").arg(target_dir()?);
        if self == Compiler::Debian {
            command.args(["-Z", "build-std=std,panic_abort"]);
        }
        Ok(command)
    }
}

/// Whether the toolchain that runs us has the standard library of a target.
fn toolchain_has(target: &str) -> bool {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = run::program(rustc)
        .args(["--print", "target-libdir", "--target", target])
        .stderr(Stdio::null())
        .output();
    // The folder may be left over from an older toolchain, so it counts only with a library in it.
    output.is_ok_and(|output| {
        let folder = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
        let mut entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        output.status.success()
            && entries.any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
    })
}

fn debian_cargo() -> Command {
    let mut command = run::cargo_at(DEBIAN_CARGO);
    command.env("RUSTC", DEBIAN_RUSTC).env("RUSTC_BOOTSTRAP", "1");
    // Debian's linker for wasm has its version in its name.
    command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "wasm-ld-22");
    // Set by the cargo and the rustup that run us, for their own compiler and libraries.
    for name in ["LD_LIBRARY_PATH", "CARGO", "RUSTUP_TOOLCHAIN", "RUSTDOC", "RUSTC_WRAPPER"] {
        command.env_remove(name);
    }
    command
}

fn install_debian_compiler() -> Result<(), String> {
    let missing: Vec<&str> =
        DEBIAN_PACKAGES.into_iter().filter(|package| !is_installed(package)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !Path::new("/etc/debian_version").exists() || !is_root() {
        return Err(both_ways());
    }
    eprintln!("installing {}", missing.join(" "));
    let apt = |args: &[&str]| {
        let mut command = run::program("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive").env_remove("LD_LIBRARY_PATH");
        // What it prints is long, and of interest only if it fails.
        let output =
            command.args(args).output().map_err(|e| format!("cannot start apt-get: {e}"))?;
        match output.status.success() {
            true => Ok(()),
            false => Err(format!(
                "apt-get {} failed: {}\n{}",
                args.join(" "),
                String::from_utf8_lossy(&output.stderr).trim(),
                both_ways()
            )),
        }
    };
    apt(&["-qq", "update"])?;
    apt(&[&["-qq", "install", "-y", "--no-install-recommends"], missing.as_slice()].concat())
}

fn is_installed(package: &str) -> bool {
    let output =
        run::program("dpkg-query").args(["-W", "-f", "${db:Status-Status}", package]).output();
    output.is_ok_and(|output| output.status.success() && output.stdout == b"installed")
}

fn is_root() -> bool {
    let output = run::program("id").arg("-u").output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn both_ways() -> String {
    format!(
        "The wasm targets are missing. Either\n  rustup target add {}\nor, on Debian, as root\n  \
         apt-get install {}\nor set OFFSHOOT_SKIP_WASM=1 to leave this check out.",
        TARGETS.join(" "),
        DEBIAN_PACKAGES.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::{is_installed, toolchain_has};

    #[test]
    fn targets_of_the_toolchain_are_told_from_others() {
        let rustc = crate::run::program("rustc").arg("-vV").output().unwrap();
        let version = String::from_utf8(rustc.stdout).unwrap();
        let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
        assert!(toolchain_has(host), "{host}");
        assert!(!toolchain_has("riscv32e-unknown-none-elf"));
        assert!(!toolchain_has("no-such-target"));
    }

    #[test]
    fn a_package_that_does_not_exist_is_not_installed() {
        assert!(!is_installed("no-such-package-of-offshoot"));
    }
}
