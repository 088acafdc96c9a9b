"""Every network, held to the same contract."""
