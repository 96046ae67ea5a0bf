//! To come: reading the read models by HTTP.
