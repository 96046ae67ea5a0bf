//! What is known of a customer follows his profile, and ends with him.

use tillroll_log::{Replicated, Timestamp};
use tillroll_schemas::Sealed;
use tillroll_schemas::user::{Erased, Profile, ProfileChanged, UserEvent};

use super::{CustomerFacts, Facts};

fn sealed(text: &str) -> Sealed {
    Sealed::from_stored(text)
}

fn changed(profile: Profile) -> UserEvent {
    ProfileChanged { profile }.into()
}

#[test]
fn a_customer_is_known_as_his_profile_says_until_he_is_forgotten() {
    let bio = Some(sealed("s1.bio"));
    let said = CustomerFacts::evolve(None, &changed(Profile { bio: bio.clone(), ..Profile::default() }));
    assert_eq!(said, None, "what stands on no invoice is not kept");
    let addresses = vec![sealed("s1.first"), sealed("s1.second")];
    let profile = Profile { name: Some(sealed("s1.name")), bio, addresses, ..Profile::default() };
    let known = CustomerFacts::evolve(None, &changed(profile));
    let facts = Facts { name: Some(sealed("s1.name")), address: Some(sealed("s1.first")), ..Facts::default() };
    assert_eq!(known.as_deref(), Some(&facts));
    let erased = Erased { epoch: 2, releases: Vec::new(), answer_by: Timestamp::UNIX_EPOCH };
    assert_eq!(CustomerFacts::evolve(known, &erased.into()), None);
}
