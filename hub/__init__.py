"""zhku-hub: a file-exchange integration hub for ERIP and suppliers of housing services."""

VERSION = "0.1.0"
