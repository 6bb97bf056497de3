"""The simulated bank: a generative model with known truth, written as a folder in the input contract."""
