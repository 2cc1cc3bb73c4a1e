"""The conductor: starts the deployments, hands out slices to the generator, samples, stops everything."""
