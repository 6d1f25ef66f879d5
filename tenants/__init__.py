"""Who asks, for which tenant, allowed what."""
