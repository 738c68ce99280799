//! Whether the user accepts the licences of files that are about to be fetched.

use std::io::{self, BufRead, IsTerminal, Write};

use faceau_models::Origin;

/// What must be typed.
const WORD: &str = "YES";
/// The variable that stands for it in scripts.
const VARIABLE: &str = "FACEAU_ACCEPT_LICENSE";

/// Shows the licences in short and asks. `given` says that the command line has the answer.
/// `Err` in the inner result says why there is no consent, and what to do.
///
/// # Errors
/// When the terminal cannot be used.
pub fn consent(origins: &[&Origin], given: bool) -> io::Result<Result<(), String>> {
    let mut stderr = io::stderr();
    for origin in origins {
        write!(stderr, "{}", in_short(origin))?;
    }
    if given || std::env::var_os(VARIABLE).is_some_and(|value| value == "1") {
        return Ok(Ok(()));
    }
    if !io::stdin().is_terminal() {
        return Ok(Err(format!(
            "the licences above were not accepted, and there is no terminal to ask on: if you accept \
             them, pass --accept-license or set {VARIABLE}=1"
        )));
    }
    write!(stderr, "If you accept these licences, type {WORD}: ")?;
    stderr.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(if answer.trim() == WORD {
        Ok(())
    } else {
        Err("nothing was fetched: the licences were not accepted".to_owned())
    })
}

/// A licence in a few lines.
fn in_short(origin: &Origin) -> String {
    format!(
        "{}\n  licence: {}\n  {}\n  in full: {}\n\n",
        origin.title, origin.licence, origin.terms, origin.licence_url
    )
}
