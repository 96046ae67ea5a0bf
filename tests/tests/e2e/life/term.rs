//! How long his name stays on his documents.

use e2e::{Outcome, System, texts};

/// He is the only one who has bought, this year: so this has as many keys, which are made those of 2001 as well.
pub async fn keys_go_when_their_term_is_over_and_not_before(system: &System) -> Outcome {
    let older = "INSERT INTO vault.person_key (person, kind, generation, wrapped, master)
        SELECT person, kind, 2001, wrapped, master FROM vault.person_key WHERE kind = 'fiscal' RETURNING kind";
    assert_eq!(texts(system.vault_url(), older).await?.len(), 1);
    let expire = async |before: &str, more: &[&str]| {
        let ended = system.run(&[&["vault", "expire-fiscal", "--before", before], more].concat()).await?;
        Outcome::Ok((ended.code, ended.out.trim().to_owned(), ended.err))
    };
    let (code, out, err) = expire("9000", &[]).await?;
    assert_eq!((code, out.as_str()), (Some(1), ""), "{err}");
    assert!(
        err.contains("keys of 8999 are kept until 9010-12-31") && err.contains("TILLROLL_FISCAL_TERM_YEARS"),
        "{err}"
    );
    for (more, said) in [
        (&["--dry-run"][..], "1 fiscal key of the years before 2002 would be destroyed"),
        (&[], "1 fiscal key of the years before 2002 destroyed"),
        (&[], "0 fiscal keys of the years before 2002 destroyed"),
    ] {
        let (code, out, err) = expire("2002", more).await?;
        assert_eq!((code, out.as_str()), (Some(0), said), "{err}");
    }
    Ok(())
}
