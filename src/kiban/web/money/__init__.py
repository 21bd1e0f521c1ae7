"""Pages of money: the collections ledger, daily closing, statements of providers, online payment."""
