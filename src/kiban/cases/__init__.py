"""Cases, events, clocks, effects and the one door through which state changes."""
