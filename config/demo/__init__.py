"""The demo brand 晴川: invented places, people and two years of purchases; nobody is real."""
