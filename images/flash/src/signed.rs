//! A JSON document with one signature over it, which stands however the document is laid out.
//!
//! What is signed is the body with sorted keys and without blanks, behind a word for what it is, so that a receipt is never taken for a
//! manifest. Bodies hold no fractions: they have no one way to be written.

use std::fmt::Write;

use anyhow::{Context, Result, bail};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    what: String,
    key: String,
    signature: String,
    body: Value,
}

/// The signed document as text.
pub fn seal<T: Serialize>(what: &str, body: &T, key: &SigningKey) -> Result<String> {
    let body = serde_json::to_value(body).context("cannot be written as JSON")?;
    let signature = key.sign(message(what, &body)?.as_bytes());
    let envelope = Envelope {
        what: what.to_owned(),
        key: hex::encode(key.verifying_key().as_bytes()),
        signature: hex::encode(signature.to_bytes()),
        body,
    };
    Ok(serde_json::to_string_pretty(&envelope)? + "\n")
}

/// The body, if one of these keys signed it.
pub fn open<T: DeserializeOwned>(what: &str, text: &str, trusted: &[VerifyingKey]) -> Result<(T, VerifyingKey)> {
    let envelope: Envelope = serde_json::from_str(text).with_context(|| format!("not a signed {what}"))?;
    if envelope.what != what {
        bail!("this is a signed {:?}, expected a {what}", crate::name::clean(&envelope.what));
    }
    let mut key = [0; 32];
    let mut signature = [0; 64];
    hex::decode_to_slice(&envelope.key, &mut key).context("the key is no hexadecimal text")?;
    hex::decode_to_slice(&envelope.signature, &mut signature).context("the signature is no hexadecimal text")?;
    let Some(key) = trusted.iter().find(|own| own.as_bytes() == &key) else {
        bail!("signed by key {}…, which is not among the {} trusted ones", &hex::encode(key)[..16], trusted.len());
    };
    let message = message(what, &envelope.body)?;
    if key.verify_strict(message.as_bytes(), &Signature::from_bytes(&signature)).is_err() {
        bail!("the signature does not fit: the {what} was changed after it was signed");
    }
    let body = serde_json::from_value(envelope.body).with_context(|| format!("the {what} is signed, but of another version"))?;
    Ok((body, *key))
}

fn message(what: &str, body: &Value) -> Result<String> {
    let mut out = format!("wegovnow-flash {what} 1\n");
    canonical(body, &mut out)?;
    Ok(out)
}

fn canonical(value: &Value, out: &mut String) -> Result<()> {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort();
            for (at, key) in keys.into_iter().enumerate() {
                write!(out, "{}{}:", if at == 0 { '{' } else { ',' }, Value::from(key.as_str()))?;
                canonical(&map[key], out)?;
            }
            out.push_str(if map.is_empty() { "{}" } else { "}" });
        }
        Value::Array(list) => {
            out.push('[');
            for (at, item) in list.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                canonical(item, out)?;
            }
            out.push(']');
        }
        Value::Number(number) if number.is_f64() => bail!("{number} is a fraction, which a signed document does not hold"),
        plain => write!(out, "{plain}")?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_signature_stands_for_the_content_and_the_kind() {
        let key = SigningKey::from_bytes(&[1; 32]);
        let trusted = [key.verifying_key()];
        let body = json!({"b": [1, "ü\n"], "a": {"y": null, "x": true}, "e": {}});
        let text = seal("receipt", &body, &key).unwrap();
        assert_eq!(open::<Value>("receipt", &text, &trusted).unwrap().0, body);
        let relaid = serde_json::to_string(&serde_json::from_str::<Value>(&text).unwrap()).unwrap();
        assert!(open::<Value>("receipt", &relaid, &trusted).is_ok(), "blanks do not count");

        let refused =
            |what: &str, text: &str, trusted: &[VerifyingKey]| open::<Value>(what, text, trusted).unwrap_err().to_string();
        assert!(refused("manifest", &text, &trusted).contains("expected a manifest"));
        assert!(refused("manifest", &text.replace("\"receipt\"", "\"manifest\""), &trusted).contains("does not fit"));
        assert!(refused("receipt", &text.replace("true", "false"), &trusted).contains("does not fit"));
        assert!(refused("receipt", &text, &[SigningKey::from_bytes(&[2; 32]).verifying_key()]).contains("not among"));
        assert!(seal("receipt", &json!({"speed": 1.5}), &key).is_err());
    }
}
