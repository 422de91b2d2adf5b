//! All documents against input that nobody meant for them: cut, damaged, foreign, and full of secrets.

use super::DOCUMENTS;
use crate::detect::detect;
use crate::model::Parsed;
use proptest::prelude::*;

fn read_all(bytes: &[u8]) {
    let _ = detect(bytes, "x");
    for document in DOCUMENTS {
        let _ = (document.sniff)(bytes, "x");
        let mut out = Parsed::default();
        (document.read)(bytes, "x", &mut out);
        let c = &out.coverage;
        let said = c.understood + c.noise + c.unknown + c.unread;
        assert!(c.lines == 0 || said <= c.lines * 2 + 2, "{}: {c:?}", document.name);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        read_all(&bytes);
    }

    #[test]
    fn damaged_samples_are_survived(pick in any::<prop::sample::Index>(), cut in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let samples: Vec<&str> = DOCUMENTS.iter().flat_map(|d| d.samples).copied().collect();
        let mut bytes = pick.get(&samples).as_bytes().to_vec();
        bytes.truncate(cut.index(bytes.len()) + 1);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        read_all(&bytes);
    }

    #[test]
    fn odd_characters_in_samples_are_survived(pick in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), odd in "[\\PC|│:=,.%\\[\\]{}'\"-]{1,6}") {
        let samples: Vec<&str> = DOCUMENTS.iter().flat_map(|d| d.samples).copied().collect();
        let mut text = (*pick.get(&samples)).to_owned();
        let places: Vec<usize> = text.char_indices().map(|(i, _)| i).collect();
        text.insert_str(*at.get(&places), &odd);
        read_all(text.as_bytes());
    }
}

/// A secret in any usual spelling beside any sample turns up in nothing that is kept.
#[test]
fn secrets_are_in_no_fact_problem_or_name() {
    let secret = "Zx9Secret77";
    let spellings = [
        format!("password: {secret}\n"),
        format!("    password: '{secret}'\n"),
        format!("PATRONI_SUPERUSER_PASSWORD={secret}\n"),
        format!("ETCD_ROOT_PASSWORD=\"{secret}\"\n"),
        format!("primary_conninfo = 'host=10.0.0.1 password={secret}'\n"),
        format!("primary_conninfo: host=10.0.0.1 password={secret} port=1\n"),
        format!("| primary_conninfo | user=x password={secret} |\n"),
        format!("ExecStart=/usr/bin/etcd --name e --root-password {secret}\n"),
        format!("Environment=PGPASSWORD={secret}\n"),
        format!("etcd:\n  url: http://root:{secret}@10.0.0.1:2379\n"),
        format!("etcd 1 2 Ssl /usr/bin/etcd --data-dir /x --user root:{secret}\n"),
        format!("ETCD_ADVERTISE_CLIENT_URLS=http://u:{secret}@10.0.0.9:2379\n"),
        format!("{{\"password\": \"{secret}\", \"ttl\": 30, \"loop_wait\": 10}}\n"),
        format!(
            "{{\"members\": [{{\"name\": \"a\", \"conn_url\": \"postgres://u:{secret}@10.0.0.1/x\", \"role\": \"leader\"}}]}}\n"
        ),
    ];
    for document in DOCUMENTS {
        for sample in document.samples {
            for spelling in &spellings {
                for text in [format!("{spelling}{sample}"), format!("{sample}{spelling}"), spelling.clone()] {
                    let mut out = Parsed::default();
                    (document.read)(text.as_bytes(), "x", &mut out);
                    let names: Vec<_> = out.streams.iter().map(|s| &s.names).collect();
                    let kept = format!("{:?} {:?} {names:?}", out.facts, out.problems);
                    assert!(!kept.contains(secret), "{}: {spelling} {kept}", document.name);
                }
            }
        }
    }
}
