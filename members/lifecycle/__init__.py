"""Where each member stands with the brand: stage, RFM, forecast, whom to greet today."""
