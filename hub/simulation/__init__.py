"""A synthetic town and the other side: ERIP, a bank, suppliers, the charging organisation."""
