"""Who and what WeCom knows of us, and the sweeps that find what no callback told."""
