"""What pages, exports and the API read about tickets."""

from tickets.selectors.choices import Choices, ticket_choices
from tickets.selectors.detail import ticket_get, ticket_history, ticket_story, tickets_related
from tickets.selectors.figures import OpenFigures, open_by_company, open_figures
from tickets.selectors.filters import TicketFilters
from tickets.selectors.listing import TicketPage, Total, ticket_by_number, ticket_list, tickets_counted

__all__ = [
    "Choices",
    "OpenFigures",
    "TicketFilters",
    "TicketPage",
    "Total",
    "open_by_company",
    "open_figures",
    "ticket_by_number",
    "ticket_choices",
    "ticket_get",
    "ticket_history",
    "ticket_list",
    "ticket_story",
    "tickets_counted",
    "tickets_related",
]
