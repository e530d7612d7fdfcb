"""The one place where an answer's bytes become rows.

A page that is what the vendor documents is decoded in one go. Anything else is read row by row, value by value: an odd value costs that
value, a row that cannot be read costs that row, and each is named. Bytes, depth and the number of rows are bounded before anything is
made of them.
"""

from integrations.decoding.decoders import Frame, converted, decoder_of
from integrations.decoding.listing import Listing
from integrations.decoding.rows import attempt, decoded, decoded_record, listing_of, listing_of_one, listings_within

__all__ = [
    "Frame",
    "Listing",
    "attempt",
    "converted",
    "decoded",
    "decoded_record",
    "decoder_of",
    "listing_of",
    "listing_of_one",
    "listings_within",
]
