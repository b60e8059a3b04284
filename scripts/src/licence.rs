//! Licence expressions (SPDX 2.3, annex D) and whether an allowance covers them.

/// Does a choice exist in which every licence is allowed? `/` is the older way to write OR.
pub fn is_covered(expression: &str, allowed: &dyn Fn(&str) -> bool) -> Result<bool, String> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut parser = Parser { words: spaced.split_whitespace().collect(), at: 0, allowed };
    let covered = parser.any()?;
    match parser.peek() {
        None => Ok(covered),
        Some(word) => Err(format!("{word:?} does not belong in {expression:?}")),
    }
}

struct Parser<'a> {
    words: Vec<&'a str>,
    at: usize,
    allowed: &'a dyn Fn(&str) -> bool,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.words.get(self.at).copied()
    }

    fn take(&mut self, word: &str) -> bool {
        let is = self.peek() == Some(word);
        self.at += usize::from(is);
        is
    }

    fn any(&mut self) -> Result<bool, String> {
        let mut covered = self.all()?;
        while self.take("OR") {
            covered |= self.all()?;
        }
        Ok(covered)
    }

    fn all(&mut self) -> Result<bool, String> {
        let mut covered = self.one()?;
        while self.take("AND") {
            covered &= self.one()?;
        }
        Ok(covered)
    }

    fn one(&mut self) -> Result<bool, String> {
        if self.take("(") {
            let covered = self.any()?;
            return if self.take(")") { Ok(covered) } else { Err("a parenthesis is not closed".to_owned()) };
        }
        let name = self.peek().filter(|word| !matches!(*word, "AND" | "OR" | "WITH" | ")")).ok_or("a licence is missing")?;
        self.at += 1;
        if self.take("WITH") {
            let exception = self.peek().ok_or("an exception is missing after WITH")?;
            self.at += 1;
            return Ok((self.allowed)(&format!("{name} WITH {exception}")));
        }
        Ok((self.allowed)(name))
    }
}

#[cfg(test)]
mod tests {
    use super::is_covered;

    #[track_caller]
    fn check(expression: &str, expect: Result<bool, ()>) {
        let allowed = |name: &str| ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"].contains(&name);
        assert_eq!(is_covered(expression, &allowed).map_err(|_| ()), expect, "{expression}");
    }

    #[test]
    fn expressions_are_weighed() {
        check("MIT", Ok(true));
        check("GPL-2.0-only", Ok(false));
        check("GPL-2.0-only OR MIT", Ok(true));
        check("MIT/Unlicense", Ok(true));
        check("MIT AND Unicode-3.0", Ok(false));
        check("(GPL-2.0-only OR MIT) AND Apache-2.0", Ok(true));
        check("GPL-2.0-only OR MIT AND BSD-3-Clause", Ok(false));
        check("Apache-2.0 WITH LLVM-exception", Ok(true));
        check("MIT WITH LLVM-exception", Ok(false));
    }

    #[test]
    fn what_is_no_expression_is_said() {
        check("MIT OR", Err(()));
        check("(MIT", Err(()));
        check("MIT MIT", Err(()));
        check("", Err(()));
    }
}
