"""Checks of our own for scripts/schemathesis, where one of the tool's does not fit the contract."""

import schemathesis
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import negative_data_rejection


@schemathesis.check
def what_does_not_fit_is_refused_but_in_the_query(ctx, response, case):
    """As negative_data_rejection. But `no` and `latest` are integers that are read leniently: what is none counts
    as absent, so a call that is wrong only there is answered as if they were not there."""
    meta = case.meta
    components = {} if meta is None else meta.components
    wrong = {place for place, component in components.items() if component.mode.is_negative}
    # The right credentials are put over whatever was generated for the header.
    if wrong - {ParameterLocation.HEADER} == {ParameterLocation.QUERY}:
        if case.method == "GET":
            fine = response.status_code in (200, 403, 404, 414)
            assert fine, f"a query that is no integer was answered {response.status_code}"
        return None
    return negative_data_rejection(ctx, response, case)
