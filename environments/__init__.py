"""One typed value per environment; reading one needs the standard library only."""
