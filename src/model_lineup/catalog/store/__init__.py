"""The catalog's SQL: rows in, frozen values out. No rule of naming or of administration lives here."""
