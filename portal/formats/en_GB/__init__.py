"""British English, with the zone named and dates as the help texts write them."""
