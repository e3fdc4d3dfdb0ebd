//! One trace of one request, through all services.
