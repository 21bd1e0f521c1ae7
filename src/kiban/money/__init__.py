"""Money across cases: the collections ledger (収納簿), closed days, statements of providers, online payment."""
